"""Side-by-side measurements: what dagship costs against what a user would run instead.

`script/bench` runs them all, `script/bench ROW...` some. Each module here holds one kind of row; both sides of a row
are measured in one run, alternately, on the same machine with the same input.
"""
