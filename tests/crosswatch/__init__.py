"""A double of CrossWatch: what its engine asks of a provider, and what it makes of the answers.

Written from a description of the interface, with no line of CrossWatch in it: CrossWatch is under the
AGPL. The double is a truth to test against, not a better engine: where CrossWatch deletes because an
index was short, the double deletes as well.
"""
