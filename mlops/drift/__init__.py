"""What differs in the account from what the pipeline has made there: each module looks at one side of it and changes nothing."""
