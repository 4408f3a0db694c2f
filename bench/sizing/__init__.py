"""How much room and how many connections and processes it takes, measured for the sizing page."""
