"""A class at work: seats in browsers and shells, a teacher's board, everything on one machine and nothing outside of it.

server (aiohttp)       pages, websockets of the seats' screens, the board's requests
shards (waitress)      the seats' worlds, several in each process, with an AWS endpoint for all of them
nursery                forks the seats' screens and their `aws` commands, which have no host shell
folder on the disk     all that must survive: who sits where, what was reached, what happened
"""
