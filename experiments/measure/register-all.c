// SPDX-License-Identifier: GPL-2.0
/*
 * register-all - register the processes of LIST, and see how long that takes
 *
 *	register-all
 *
 * The last of them is then unregistered and registered some more times. If it is the only
 * one, the sampler is stopped and started by that, too.
 *
 * Prints the medians: ns to register it, ns to unregister it.
 */
#include <err.h>
#include <inttypes.h>
#include <unistd.h>

#include "meter.h"

#define TRIES	101

const char synopsis[] = "";

int main(int argc, char **argv)
{
	uint64_t registering[TRIES], unregistering[TRIES];
	int status, pid, last = 0;
	FILE *list;

	check_arguments(argc, argv, 0, 0);
	status = open_status();
	list = open_list();
	while (fscanf(list, "%d", &pid) == 1) {
		tell_profiler(status, 'R', pid);
		last = pid;
	}
	close_list(list);
	if (!last)
		errx(1, "no process is listed in %s", LIST);
	for (int i = 0; i < TRIES; i++) {
		unregistering[i] = tell_profiler(status, 'U', last);
		registering[i] = tell_profiler(status, 'R', last);
	}
	close(status);
	sort(registering, TRIES);
	sort(unregistering, TRIES);
	printf("%" PRIu64 "\t%" PRIu64 "\n", percentile(registering, TRIES, 50),
	       percentile(unregistering, TRIES, 50));
	if (fclose(stdout))
		err(1, "standard output");
	count_sample(share());
	return 0;
}
