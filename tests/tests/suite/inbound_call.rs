//! The main story: somebody calls a number, Twilio asks the edge, and the agent answers.
