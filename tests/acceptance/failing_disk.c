/* A disk of which one operation fails: preloaded, it counts what is written below one folder and lets the Nth of these
   calls fail with an error, or write only half. Everything else, and everything before and after, is the real thing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char folder[4096];
static long fail_at = 0;
static long fail_also_at = 0;
static long counted = 0;
static int fail_with = 0;

/* From now on count below `path`; the `nth` and the `other` operation fail with `error`, 0 for a short write. The 0th is
   none. */
void arm(const char *path, long nth, long other, int error) {
    strncpy(folder, path, sizeof folder - 1);
    fail_with = error;
    fail_at = nth;
    fail_also_at = other;
    __atomic_store_n(&counted, 0, __ATOMIC_SEQ_CST);
}

long operations(void) { return __atomic_load_n(&counted, __ATOMIC_SEQ_CST); }

static int is_below(const char *path) { return path && folder[0] && strncmp(path, folder, strlen(folder)) == 0; }

static int is_open_below(int fd) {
    char link[64], path[4096];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int strikes(void) {
    long number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
    return number == fail_at || number == fail_also_at;
}

static int fails(void) {
    errno = fail_with ? fail_with : EIO;
    return -1;
}

ssize_t write(int fd, const void *data, size_t size) {
    if (is_open_below(fd) && strikes()) {
        if (fail_with || size < 2) return fails();
        return REAL(write)(fd, data, size / 2);
    }
    return REAL(write)(fd, data, size);
}

#define PWRITE(name, offset_type)                                                 \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset) {     \
        if (is_open_below(fd) && strikes()) {                                     \
            if (fail_with || size < 2) return fails();                            \
            return REAL(name)(fd, data, size / 2, offset);                        \
        }                                                                         \
        return REAL(name)(fd, data, size, offset);                                \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_FD(name)                                                               \
    int name(int fd) { return is_open_below(fd) && strikes() ? fails() : REAL(name)(fd); }
ON_FD(fsync)
ON_FD(fdatasync)

#define TRUNCATE(name, offset_type)                                               \
    int name(int fd, offset_type size) { return is_open_below(fd) && strikes() ? fails() : REAL(name)(fd, size); }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define OPEN(name)                                                                \
    int name(const char *path, int flags, ...) {                                  \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        mode_t mode = va_arg(rest, mode_t);                                       \
        va_end(rest);                                                             \
        if ((flags & O_CREAT) && is_below(path) && strikes()) return fails();     \
        return REAL(name)(path, flags, mode);                                     \
    }
OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to) { return is_below(to) && strikes() ? fails() : REAL(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return is_below(path) && strikes() ? fails() : REAL(mkdir)(path, mode); }
int unlink(const char *path) { return is_below(path) && strikes() ? fails() : REAL(unlink)(path); }
int utimensat(int folder_fd, const char *path, const struct timespec times[2], int flags) {
    return is_below(path) && strikes() ? fails() : REAL(utimensat)(folder_fd, path, times, flags);
}
