// Preloaded into a process, makes its fsync and fdatasync fail at random, kills it between two
// changes of its files, and records what would outlive a power cut. The environment says how:
//
//   FAILING_FSYNC_SEED      of the failures; a number
//   FAILING_FSYNC_PERMILLE  how many of a thousand syncs fail with EIO; none unless given
//   FAILING_FSYNC_AFTER     so many syncs succeed first; none unless given
//   FAILING_FSYNC_DIE_AT    this call, counted from 1, of those below kills the process (SIGKILL)
//                           before it does anything; none unless given
//   FAILING_FSYNC_LOG       a file to which syncs, renames and new folders are appended
//
// A sync that fails does not sync. What a kernel may do then, drop what it could not write, is not
// imitated: the file keeps its bytes. A line of the log is one of
//
//   sync INODE ok|failed
//   renaming INODE INODE_OF_FOLDER
//   rename INODE INODE_OF_FOLDER
//   mkdir INODE INODE_OF_FOLDER
//
// and is written after the call has done its work and before it returns, so whoever hears from the
// process that something is kept finds the lines of it. Only "renaming" is written before: a process
// killed within the call may have given the name, and the next one will find it given.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

// The function of this name that the process would have called.
#define REAL(name)                      \
  static __typeof__(name)* real = NULL; \
  if (real == NULL) real = (__typeof__(name)*)dlsym(RTLD_NEXT, #name)

static uint64_t seed = 0;
static uint64_t permille = 0;
static uint64_t first_failure = 0;
static uint64_t die_at = 0;
static int log_fd = -1;
static atomic_uint_fast64_t changes = 0;
static atomic_uint_fast64_t syncs = 0;

static uint64_t NumberFromEnvironment(const char* name) {
  const char* const text = getenv(name);
  return text == NULL ? 0 : strtoull(text, NULL, 10);
}

__attribute__((constructor)) static void ReadEnvironment(void) {
  seed = NumberFromEnvironment("FAILING_FSYNC_SEED");
  permille = NumberFromEnvironment("FAILING_FSYNC_PERMILLE");
  first_failure = NumberFromEnvironment("FAILING_FSYNC_AFTER");
  die_at = NumberFromEnvironment("FAILING_FSYNC_DIE_AT");
  const char* const path = getenv("FAILING_FSYNC_LOG");
  if (path != NULL) log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static ssize_t RealWrite(int fd, const void* bytes, size_t count) {
  REAL(write);
  return real(fd, bytes, count);
}

__attribute__((format(printf, 1, 2))) static void Log(const char* format, ...) {
  if (log_fd < 0) return;
  char line[128];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  const int error = errno;
  if (RealWrite(log_fd, line, (size_t)length) != length) abort();
  errno = error;
}

static unsigned long long InodeOf(const char* path) {
  struct stat info;
  return stat(path, &info) == 0 ? info.st_ino : 0;
}

static unsigned long long InodeOfFolder(const char* path) {
  char folder[PATH_MAX];
  const char* const slash = strrchr(path, '/');
  if (slash == NULL) return InodeOf(".");
  const size_t length = (size_t)(slash - path);
  if (length >= sizeof(folder)) return 0;
  memcpy(folder, path, length);
  folder[length] = '\0';
  return InodeOf(folder);
}

static void BeforeChange(void) {
  if (die_at == 0 || atomic_fetch_add(&changes, 1) + 1 != die_at) return;
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// SplitMix64 of the seed and the number of the call.
static int NextSyncFails(void) {
  const uint64_t number = atomic_fetch_add(&syncs, 1);
  if (number < first_failure) return 0;
  uint64_t z = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (z ^ (z >> 31)) % 1000 < permille;
}

static int SyncWith(int (*sync)(int), int fd) {
  BeforeChange();
  struct stat info;
  const unsigned long long inode = fstat(fd, &info) == 0 ? info.st_ino : 0;
  int result = -1;
  if (NextSyncFails()) {
    errno = EIO;
  } else {
    result = sync(fd);
  }
  Log("sync %llu %s\n", inode, result == 0 ? "ok" : "failed");
  return result;
}

int fsync(int fd) {
  REAL(fsync);
  return SyncWith(real, fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return SyncWith(real, fd);
}

int rename(const char* from, const char* to) {
  REAL(rename);
  BeforeChange();
  Log("renaming %llu %llu\n", InodeOf(from), InodeOfFolder(to));
  const int result = real(from, to);
  if (result == 0) Log("rename %llu %llu\n", InodeOf(to), InodeOfFolder(to));
  return result;
}

int mkdir(const char* path, mode_t mode) {
  REAL(mkdir);
  BeforeChange();
  const int result = real(path, mode);
  if (result == 0) Log("mkdir %llu %llu\n", InodeOf(path), InodeOfFolder(path));
  return result;
}

int unlink(const char* path) {
  REAL(unlink);
  BeforeChange();
  return real(path);
}

int unlinkat(int folder, const char* path, int flags) {
  REAL(unlinkat);
  BeforeChange();
  return real(folder, path, flags);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  BeforeChange();
  return RealWrite(fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  REAL(pwrite);
  BeforeChange();
  return real(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  REAL(pwrite64);
  BeforeChange();
  return real(fd, bytes, count, offset);
}
