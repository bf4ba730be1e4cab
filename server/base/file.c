/* Small regular files, read whole. Never opens a FIFO or device in a way that could wait
 * for its other end, and never reads more than the caller allows. */
#include "base/file.h"

#include "base/buf.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_regular(const char *path, struct err *err) {
    /* O_NONBLOCK: opening a FIFO would wait for a writer; regular files ignore it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT)
            err_set(err, ERR_UNAVAILABLE, "%s does not exist", path);
        else
            err_set_sys(err, errno, "cannot open %s", path);
        return -1;
    }
    struct stat info;
    if (fstat(fd, &info) != 0) {
        err_set_sys(err, errno, "cannot stat %s", path);
        goto fail;
    }
    if (!S_ISREG(info.st_mode)) {
        err_set(err, ERR_INVALID, "%s is %s, expected a regular file", path,
                S_ISDIR(info.st_mode) ? "a directory" : "a device, pipe or socket");
        goto fail;
    }
    return fd;
fail:
    close(fd);
    return -1;
}

bool file_read(const char *path, size_t max, struct buf *out, struct err *err) {
    int fd = open_regular(path, err);
    if (fd < 0)
        return false;
    BUF_AUTO struct buf content = {0};
    ssize_t got;
    do {
        char block[4096];
        got = read(fd, block, sizeof block);
        if (got > 0)
            buf_append(&content, block, (size_t)got);
    } while ((got > 0 && content.len <= max) || (got < 0 && errno == EINTR));
    int sys = errno;
    close(fd);

    if (got < 0)
        return err_set_sys(err, sys, "cannot read %s", path);
    if (content.len > max)
        return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
    buf_append(out, content.data, content.len);
    return true;
}

bool file_read_secret(const char *path, size_t max, struct buf *out, struct err *err) {
    BUF_AUTO struct buf content = {0};
    if (!file_read(path, max, &content, err))
        return false;
    size_t len = content.len;
    if (len > 0 && content.data[len - 1] == '\n') {
        len--;
        if (len > 0 && content.data[len - 1] == '\r')
            len--;
    }
    if (len == 0)
        return err_set(err, ERR_INVALID, "%s is empty, expected a secret", path);
    buf_append(out, content.data, len);
    return true;
}
