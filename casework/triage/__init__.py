"""From words to a judged case: service, category, impact, urgency, title, with the words that decided."""
