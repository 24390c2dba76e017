FROM x # not a comment
