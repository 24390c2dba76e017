FROM --platform= scratch
