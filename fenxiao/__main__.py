"""`python -m fenxiao` is the `fenxiao` command."""

from fenxiao.commands import fenxiao

if __name__ == "__main__":
    fenxiao(prog_name="fenxiao")
