"""What the judge asks of models (`protocols`) and the adapters that meet it. Import the module you need."""
