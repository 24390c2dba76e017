  #  escape  =  `  
FROM scratch
