"""Pipeline steps. The folder is the code snapshot that Azure gives to a job: `flight_delay` is its package."""
