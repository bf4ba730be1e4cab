/* Runs a fuzz target on all files of the folders that are named, so that corpora are
 * replayed without libFuzzer. Fails if there is no file at all. */
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

enum { INPUT_MAX = 16 * 1024 * 1024 };

static bool run_file(const char *path) {
    BUF_AUTO struct buf bytes = {0};
    struct err err = {0};

    if (!file_read(path, INPUT_MAX, &bytes, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    fprintf(stderr, "%s: %zu bytes\n", path, bytes.len);
    LLVMFuzzerTestOneInput((const uint8_t *)bytes.data, bytes.len);
    return true;
}

/* The number of files run; -1 if one could not be read. */
static int run_folder(const char *folder) {
    DIR *dir = opendir(folder);
    int count = 0;

    if (!dir) {
        perror(folder);
        return -1;
    }
    for (const struct dirent *entry; count >= 0 && (entry = readdir(dir));) {
        BUF_AUTO struct buf path = {0};
        if (entry->d_name[0] == '.')
            continue;
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        count = run_file(path.data) ? count + 1 : -1;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv) {
    int total = 0;

    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        if (count < 0)
            return 1;
        total += count;
    }
    printf("%d inputs\n", total);
    return total > 0 ? 0 : 1;
}
