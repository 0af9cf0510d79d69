"""What runs by itself: tasks and their graphs, alerts, dynamic tables, and the scheduler that starts them."""
