"""What in a course a person should see, and the words for it."""
