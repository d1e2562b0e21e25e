"""`python -m fenxiao` is the `fenxiao` command."""

from fenxiao.memory import loading

if __name__ == "__main__":
    with loading():
        from fenxiao.commands import fenxiao
    fenxiao(prog_name="fenxiao")
