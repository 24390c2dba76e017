FROM ${A^^}
