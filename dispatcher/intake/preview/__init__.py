"""What a preview says beside the decision."""
