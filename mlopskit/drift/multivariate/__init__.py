"""Drift of columns taken together: what no column shows by itself, and which columns are to blame.

A frame is turned into a matrix (`encoding`), a matrix into moments that hold no row and merge by adding (`moments`),
and a `MultivariateTest` (`family`) compares two moments. `joint_profile` puts them together.
"""
