"""The review page: judge an upload in the browser and see why."""
