"""What only happens when two do something at the same moment, on two real connections to PostgreSQL."""
