"""What the user wrote, validated; where it was found; tokens by reference."""
