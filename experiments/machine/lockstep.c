/*
 * lockstep - keep the host's time out of QEMU's virtual time
 *
 *	LD_PRELOAD=lockstep.so qemu-system-x86_64 -icount shift=0,sleep=off ...
 *
 * With -icount sleep=off, the main loop lets an idle machine's clock jump to the
 * next timer. It looks whether the CPU is halted, and from when on. But the thread of
 * the CPU marks it as halted a moment before it adds the last instructions to the
 * clock (rr_cpu_thread_fn(): tcg_cpus_exec(), then icount_process_data()). If the main
 * loop comes just between, because the host let it wait or run then, the clock jumps
 * too far by those instructions, and from there on the run is another one. In a
 * case that waits for its disk half a million times, that happens.
 *
 * So here the main loop's return from ppoll(2) is put off until the CPU's thread is in
 * pthread_cond_wait(3), all accounts settled, which is where a halted CPU waits. When
 * that thread has been busy for PATIENCE, the main loop may run beside it; the moment in
 * question is then as unlikely as one in many millions. It is the thread's own time that
 * counts: on a busy host it may be kept from running for long, and just in that moment.
 *
 * And the emulated TLB shrinks when it has been mostly empty for 100 ms of the host's time
 * (tlb_mmu_resize_locked()). What it holds decides which accesses walk the page tables
 * and so mark a page as accessed: Linux clears that mark without a flush, and evicts the
 * pages that do not get it again. So gettimeofday(3), which is what the TLB looks at and
 * nothing else that matters here, counts how often the CPU's thread has asked.
 *
 * QEMU uses these three functions since 3.1 at least, and by their dynamic symbols. A run that
 * went by without us must not count, so the file $LOCKSTEP is told what was called, a letter each:
 *
 *	l	loaded
 *	w	pthread_cond_wait() by the CPU's thread
 *	p	ppoll() by the main thread
 *	g	gettimeofday() by the CPU's thread
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE (20 * 1000 * 1000)	/* nanoseconds */
#define FLUSH_US 50	/* from one flush of the TLB to the next, about as long as in truth */
#define GLANCES 500	/* after so many, PATIENCE apart, something else must be wrong */

static atomic_int waiting;	/* the CPU's thread is in pthread_cond_wait() */
static atomic_int cpu_clock;	/* of that thread's own time; 0 before it has waited once */

/* Tell $LOCKSTEP, once for each letter; a run whose file cannot be written must not count. */
static void tell(char letter)
{
	static atomic_int told;
	const char *name = getenv("LOCKSTEP");
	int bit = 1 << (letter - 'a');
	int file;

	if (atomic_load(&told) & bit || atomic_fetch_or(&told, bit) & bit || !name)
		return;
	file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (file < 0 || write(file, &letter, 1) != 1)
		_exit(1);
	close(file);
}

__attribute__((constructor)) static void loaded(void)
{
	tell('l');
}

static int is_main_thread(void)
{
	return gettid() == getpid();
}

/* How long the CPU's thread has run, in nanoseconds. */
static long long cpu_time(void)
{
	struct timespec time = { 0 };
	clockid_t its = atomic_load(&cpu_clock);

	if (its)
		clock_gettime(its, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Only the CPU's thread uses it, and the main thread, when it starts that one. */
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	static int (*wait)(pthread_cond_t *, pthread_mutex_t *);
	int result;

	if (!wait)	/* the version with which programs are linked since 2003 */
		wait = (int (*)(pthread_cond_t *, pthread_mutex_t *))
			dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
	if (is_main_thread())
		return wait(condition, mutex);
	tell('w');
	if (!atomic_load(&cpu_clock)) {
		clockid_t its;

		if (!pthread_getcpuclockid(pthread_self(), &its))
			atomic_store(&cpu_clock, its);
	}
	atomic_store(&waiting, 1);
	syscall(SYS_futex, &waiting, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	result = wait(condition, mutex);
	atomic_store(&waiting, 0);
	return result;
}

int ppoll(struct pollfd *files, nfds_t count, const struct timespec *timeout,
	  const sigset_t *signals)
{
	static int (*poll_files)(struct pollfd *, nfds_t, const struct timespec *,
				 const sigset_t *);
	const struct timespec patience = { .tv_nsec = PATIENCE };
	int result;

	if (!poll_files)
		poll_files = (int (*)(struct pollfd *, nfds_t, const struct timespec *,
				      const sigset_t *))dlsym(RTLD_NEXT, "ppoll");
	result = poll_files(files, count, timeout, signals);
	if (is_main_thread()) {
		long long begin = cpu_time();

		tell('p');
		for (int glance = 0; glance < GLANCES && !atomic_load(&waiting) &&
				     cpu_time() - begin < PATIENCE; glance++)
			syscall(SYS_futex, &waiting, FUTEX_WAIT_PRIVATE, 0, &patience, NULL, 0);
	}
	return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	static atomic_long flushes;
	long us = FLUSH_US * (is_main_thread() ? atomic_load(&flushes) : ++flushes);

	if (!is_main_thread())
		tell('g');
	(void)zone;
	time->tv_sec = 1000000000 + us / 1000000;
	time->tv_usec = us % 1000000;
	return 0;
}
