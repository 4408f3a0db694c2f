"""What keeping the state and telling the events costs a submission."""
