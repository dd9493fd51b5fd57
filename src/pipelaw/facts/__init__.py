"""What can be known about a value: one module per question, pure functions, no platform's words."""
