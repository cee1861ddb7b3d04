"""One folder that installs and runs with no internet, for a teacher's and the learners' machines.

platforms   what machines and Pythons a bundle can be for, and which wheels fit there
lock        which versions: those of `uv.lock`, each file with its hash
own_wheel   our own wheel, built from the checkout or put together again from what is installed
fetch       pip, which brings the wheels
folder      the folder on the disk: what is ours in it, and nothing outside of it
texts       the start scripts and README.txt
make        all of it
start       `start.py` of the bundle: installs on the machine that it is started on. Knows nothing of the rest.
"""
