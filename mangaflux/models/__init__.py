"""Models that are downloaded when somebody asks for them: which there are, where they are kept, how they get here."""
