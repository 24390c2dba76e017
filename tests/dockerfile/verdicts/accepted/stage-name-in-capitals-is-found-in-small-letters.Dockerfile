FROM scratch AS Base
FROM base
