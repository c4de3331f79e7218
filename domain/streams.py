"""The streams of the bus. Which one an event travels on follows from its kind: `event.stream`.

| stream     | what it carries                                           | who states it | who follows it |
|------------|-----------------------------------------------------------|---------------|----------------|
| `dialogue` | what the voice response learns from a caller              | dialogues     | bridge         |
| `cases`    | what happens to cases, each as it is now, solutions       | casework      | bridge, desk   |
| `offers`   | offers and what becomes of them                           | gate, desk    | all three      |
| `calls`    | each call as it is now                                    | bridge        | desk, casework |
| `agents`   | each agent as they are now                                | bridge        | desk           |
| `wishes`   | what pages want: a presence, a snapshot                   | desk          | bridge         |
| `partials` | the words so far; disposable, never kept, without cursor  | dialogues     | desk           |

`asterisk` is no stream of the bus: what Asterisk says comes by its manager connection and is kept as facts.
"""

DIALOGUE = "dialogue"
CASES = "cases"
OFFERS = "offers"
CALLS = "calls"
AGENTS = "agents"
WISHES = "wishes"
PARTIALS = "partials"
ASTERISK = "asterisk"
