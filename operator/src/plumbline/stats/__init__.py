"""The maths: bins, counts, tests, intervals and gates. numpy only, no I/O, no clock."""
