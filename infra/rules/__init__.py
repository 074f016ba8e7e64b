"""What settings must keep to beyond their types: a rule for each promise that Azure would break later."""
