"""An Azure Pipelines agent that expands a pipeline and runs it on this machine."""
