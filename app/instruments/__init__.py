"""The catalogue of questionnaires: definitions as data, their forms, and stateless scoring."""
