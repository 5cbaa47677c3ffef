// SPDX-License-Identifier: GPL-2.0
/*
 * sample-taskstats - the profiler's job done with taskstats over netlink, see sampler.h
 *
 *	sample-taskstats
 *
 * A request a process, BATCH of them in each call. Left out: the kernel tells faults and CPU time of
 * single threads only, and here it is asked for each process's first; a process of several
 * would need as many requests, and would still lack those of threads that have ended. The CPU time is what the
 * ticks have found: a process that sleeps at each tick has none.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sampler.h"

#define BATCH	64	/* replies, of 1.3 kB each, that a socket holds */
#define NAME	TASKSTATS_GENL_NAME

const char synopsis[] = "";

/* What we ask: with one attribute, of at most sizeof(NAME) bytes. */
struct request {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[NLA_ALIGN(sizeof(NAME))];
};

struct reply {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	char attributes[1024];
};

/* Returns the length of the request, which is written to @at. */
static size_t ask(void *at, int family, int command, int attribute, const void *value, size_t length)
{
	struct request *request = at;

	*request = (struct request){
		.header = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = command, .version = 1 },
		.attribute = { .nla_type = attribute, .nla_len = NLA_HDRLEN + length },
	};
	memcpy(request->value, value, length);
	request->header.nlmsg_len = offsetof(struct request, value) + NLA_ALIGN(length);
	return request->header.nlmsg_len;
}

static void send_all(int netlink, const void *requests, size_t length)
{
	if (send(netlink, requests, length, 0) != (ssize_t)length)
		err(1, "netlink: send");
}

/* Ends the program if the reply is an error, or not whole. */
static void check_reply(const struct reply *reply, size_t length)
{
	const struct nlmsgerr *error = (const void *)&reply->generic;

	if (length < NLMSG_HDRLEN + GENL_HDRLEN || reply->header.nlmsg_len != length)
		errx(1, "netlink: a reply of %zu bytes", length);
	if (reply->header.nlmsg_type != NLMSG_ERROR)
		return;
	errno = -error->error;
	err(1, errno == ESRCH ? "a process has ended" : "netlink");
}

/* The value of the first attribute of that type among those in @length bytes. */
static const void *attribute(const void *at, size_t length, int type, size_t *bytes)
{
	const struct nlattr *a;

	for (const char *next = at, *end = next + length; end - next >= NLA_HDRLEN; next += NLA_ALIGN(a->nla_len)) {
		a = (const void *)next;
		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - next)
			break;
		*bytes = a->nla_len - NLA_HDRLEN;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return next + NLA_HDRLEN;
	}
	errx(1, "netlink: a reply without attribute %d", type);
}

static const void *attribute_of(const struct reply *reply, int type, size_t *bytes)
{
	return attribute(reply->attributes, reply->header.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, type, bytes);
}

/* The number that taskstats has on this machine. */
static int find_family(int netlink)
{
	struct request request;
	struct reply reply = { 0 };
	ssize_t length;
	size_t bytes;

	send_all(netlink, &request, ask(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
					NAME, sizeof(NAME)));
	length = recv(netlink, &reply, sizeof(reply), 0);
	if (length < 0)
		err(1, "netlink: recv");
	check_reply(&reply, length);
	return *(const uint16_t *)attribute_of(&reply, CTRL_ATTR_FAMILY_ID, &bytes);
}

static struct counts counts_of(const struct reply *reply)
{
	size_t bytes;
	const void *both = attribute_of(reply, TASKSTATS_TYPE_AGGR_PID, &bytes);
	struct taskstats said = { 0 };
	const void *stats = attribute(both, bytes, TASKSTATS_TYPE_STATS, &bytes);

	/* It begins at a multiple of 4. Other kernels have more behind it, or less. */
	memcpy(&said, stats, bytes < sizeof(said) ? bytes : sizeof(said));
	return (struct counts){
		.minor = said.ac_minflt,
		.major = said.ac_majflt,
		.cpu_ns = 1000 * (said.ac_utime + said.ac_stime),
	};
}

/* Adds to @sums what @n <= BATCH processes have counted since. Returns the bytes received. */
static size_t sample(int netlink, int family, const pid_t *pids, struct counts *last, size_t n, struct counts *sums)
{
	static struct reply replies[BATCH];
	char requests[BATCH * sizeof(struct request)];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec places[BATCH];
	size_t length = 0, bytes = 0;

	for (size_t i = 0; i < n; i++) {
		length += ask(requests + length, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_PID,
			      &pids[i], sizeof(pids[i]));
		places[i] = (struct iovec){ &replies[i], sizeof(replies[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &places[i], .msg_iovlen = 1 };
	}
	send_all(netlink, requests, length);
	/* They are all there, in the order of the requests. */
	if (recvmmsg(netlink, messages, n, 0, NULL) != (int)n)
		err(1, "netlink: recvmmsg");
	for (size_t i = 0; i < n; i++) {
		struct counts found;

		check_reply(&replies[i], messages[i].msg_len);
		found = counts_of(&replies[i]);
		add_growth(sums, &last[i], &found);
		bytes += messages[i].msg_len;
	}
	return bytes;
}

int main(int argc, char **argv)
{
	struct counts *last, sums = { 0 };
	struct shared *shared;
	int netlink, family;
	pid_t *pids;
	size_t n;

	check_arguments(argc, argv, 0, 0);
	shared = share();
	pids = read_list(&n);
	last = calloc(n, sizeof(*last));
	if (!last)
		err(1, "memory");
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (netlink < 0)
		err(1, "netlink");
	family = find_family(netlink);
	for (uint64_t due = now();; await_next(&due)) {
		size_t bytes = 0;

		for (size_t i = 0; i < n; i += BATCH)
			bytes += sample(netlink, family, pids + i, last + i, n - i < BATCH ? n - i : BATCH, &sums);
		tell_sample(shared, &sums, bytes / n);
	}
}
