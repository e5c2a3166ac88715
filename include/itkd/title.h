/* What ps(1) shows: "itkd: spare". Written over the memory of argv, and as the thread's name. */
#ifndef ITKD_TITLE_H
#define ITKD_TITLE_H

/* Once, in main(); argv may not be used afterwards but for copies. */
void title_init(int argc, char **argv);
/* At most 15 bytes of it are the thread's name. Dies when the kernel refuses. */
void title_set(const char *title);

#endif
