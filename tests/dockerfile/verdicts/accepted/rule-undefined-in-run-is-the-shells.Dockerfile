FROM scratch
RUN echo $A
CMD ["$A"]
