"""What the training of the identifier tagger needs and the product does not."""
