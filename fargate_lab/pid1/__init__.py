"""A learner's command line as a real PID 1 in a namespace of its own, and what became of its stop signal.

forms       the command line: shell form, script files, which shell `sh` is
namespace   probe, run, signal, look into /proc
load        a few keep-alive requests meanwhile
findings    reality beside the model, in a sentence
server, tiny_init   programs that are run in the namespace; they import nothing but the standard library
"""
