/* File descriptors. May be used by any process. */
#ifndef ITKD_FD_H
#define ITKD_FD_H

/*
 * Closes *fd where it is open (not negative), sets it to -1 and leaves errno as it was. What is
 * wrong with it is told in the process's own log; *fd is gone all the same (close(2)).
 */
void fd_close(int *fd);

#endif
