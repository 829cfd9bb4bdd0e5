"""The ways out of the product on which notices reach a person, one file each."""
