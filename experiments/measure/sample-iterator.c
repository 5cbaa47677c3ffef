// SPDX-License-Identifier: GPL-2.0
/*
 * sample-iterator - the profiler's job done with a BPF iterator over tasks, see sampler.h
 *
 *	sample-iterator
 *
 * The kernel runs a program of ours for each of its tasks, without a system call for each. It writes
 * what read(2) gets: a struct record for each thread of user space, where that of a process's
 * first thread also has what its ended threads have left. What that is for a process is added up here,
 * so nothing is left out of one with several threads, unless one ends while the tasks are walked.
 *
 * The iterator visits all tasks, and the program knows nothing of LIST: a look at who is
 * wanted would cost the many processes of the benchmark more than it spares them. Left out is the
 * iterator of a single process, which Linux has since 6.1: for a few, one for each may be cheaper.
 *
 * The program is assembled here, since it is short, and the offsets in it are those of the running
 * kernel, which describes its types in TYPES (see Documentation/bpf/btf.rst).
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler.h"

#define TYPES		"/sys/kernel/btf/vmlinux"
#define PID_LIMIT	(4 << 20)	/* of any 64-bit kernel */
#define PF_KTHREAD	0x00200000	/* as in the kernel's linux/sched.h */

const char synopsis[] = "";

/* What the program is given: pointers, of 8 bytes each; see the kernel's struct bpf_iter__task, bpf_iter_meta. */
struct context {
	uint64_t meta, task;
};

struct meta {
	uint64_t seq;
};

/* What the program writes of a thread, or of a process's first one. */
struct record {
	uint64_t process;
	struct counts counts;
};

/* A process of LIST: what it had counted when it was last looked at, and what is found now. */
struct process {
	bool found_any;
	struct counts last, found;
};

static struct process *processes[PID_LIMIT];	/* by PID */

/*
 * the kernel's types
 */

static const struct btf_header *types;

static const void *section(uint32_t offset)
{
	return (const char *)types + types->hdr_len + offset;
}

static void read_types(void)
{
	int file = open(TYPES, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *all;

	if (file < 0 || fstat(file, &status))
		err(1, "%s", TYPES);
	all = calloc(1, status.st_size + sizeof(*types));
	if (!all)
		err(1, "memory");
	for (ssize_t n, have = 0; have < status.st_size; have += n) {
		n = read(file, all + have, status.st_size - have);
		if (n <= 0)
			err(1, "%s", TYPES);
	}
	close(file);
	types = (const void *)all;
	if (types->magic != BTF_MAGIC)
		errx(1, "%s: not understood", TYPES);
}

/* What lies between a type and the next one. */
static size_t bytes_behind(const struct btf_type *type)
{
	size_t n = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	default:
		return 0;
	}
}

static bool is_called(uint32_t name_offset, const char *name)
{
	return !strcmp((const char *)section(types->str_off) + name_offset, name);
}

/* The type of that kind and name, and its number. */
static const struct btf_type *find_type(unsigned int kind, const char *name, int *id)
{
	const struct btf_type *type = section(types->type_off);
	const void *end = section(types->type_off + types->type_len);

	for (*id = 1; (const void *)type < end; ++*id) {
		if (BTF_INFO_KIND(type->info) == kind && is_called(type->name_off, name))
			return type;
		type = (const void *)((const char *)(type + 1) + bytes_behind(type));
	}
	errx(1, "the kernel has no %s", name);
}

/* Where a structure of that name has that member, in bytes. */
static int16_t offset(const char *structure, const char *name)
{
	int id;
	const struct btf_type *type = find_type(BTF_KIND_STRUCT, structure, &id);
	const struct btf_member *member = (const void *)(type + 1);

	for (int n = BTF_INFO_VLEN(type->info); n--; member++)
		if (is_called(member->name_off, name))
			return BTF_MEMBER_BIT_OFFSET(member->offset) / 8;
	errx(1, "the kernel's struct %s has no %s", structure, name);
}

/*
 * the program
 */

#define INSTRUCTION(...)	((struct bpf_insn){ __VA_ARGS__ })
#define LOAD(size, to, from, at) \
	INSTRUCTION(.code = BPF_LDX | BPF_MEM | (size), .dst_reg = (to), .src_reg = (from), .off = (at))
#define STORE(to, at, from) \
	INSTRUCTION(.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = (to), .src_reg = (from), .off = (at))
#define ADD(to, from)	INSTRUCTION(.code = BPF_ALU64 | BPF_ADD | BPF_X, .dst_reg = (to), .src_reg = (from))
#define ADD_NUMBER(to, n)	INSTRUCTION(.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (to), .imm = (n))
#define COPY(to, from)	INSTRUCTION(.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from))
#define SET(to, n)	INSTRUCTION(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (n))
#define SKIP_IF(test, a, n, skipped) \
	INSTRUCTION(.code = BPF_JMP | (test) | BPF_K, .dst_reg = (a), .imm = (n), .off = (skipped))
#define SKIP_IF_OTHER(a, b, skipped) \
	INSTRUCTION(.code = BPF_JMP | BPF_JNE | BPF_X, .dst_reg = (a), .src_reg = (b), .off = (skipped))
#define CALL(f)		INSTRUCTION(.code = BPF_JMP | BPF_CALL, .imm = (f))
#define EXIT()		INSTRUCTION(.code = BPF_JMP | BPF_EXIT)

static int bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

/* A link to the iterator, by which the program is run. */
static int link_program(void)
{
	/* what is on the stack is a struct record */
	const int record = -(int)sizeof(struct record);
	const int minor = record + (int)offsetof(struct record, counts.minor);
	const int major = record + (int)offsetof(struct record, counts.major);
	const int cpu = record + (int)offsetof(struct record, counts.cpu_ns);
	enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };
	const struct bpf_insn program[] = {
		LOAD(BPF_DW, R6, R1, offsetof(struct context, task)),
		SKIP_IF(BPF_JEQ, R6, 0, 25),			/* behind the last one */
		LOAD(BPF_DW, R7, R1, offsetof(struct context, meta)),
		LOAD(BPF_W, R2, R6, offset("task_struct", "flags")),
		SKIP_IF(BPF_JSET, R2, PF_KTHREAD, 22),
		LOAD(BPF_W, R8, R6, offset("task_struct", "tgid")),
		LOAD(BPF_DW, R1, R6, offset("task_struct", "min_flt")),
		LOAD(BPF_DW, R2, R6, offset("task_struct", "maj_flt")),
		LOAD(BPF_DW, R3, R6, offset("task_struct", "se") + offset("sched_entity", "sum_exec_runtime")),
		LOAD(BPF_W, R4, R6, offset("task_struct", "pid")),
		SKIP_IF_OTHER(R4, R8, 7),			/* no first thread */
		LOAD(BPF_DW, R9, R6, offset("task_struct", "signal")),
		LOAD(BPF_DW, R4, R9, offset("signal_struct", "min_flt")),
		ADD(R1, R4),
		LOAD(BPF_DW, R4, R9, offset("signal_struct", "maj_flt")),
		ADD(R2, R4),
		LOAD(BPF_DW, R4, R9, offset("signal_struct", "sum_sched_runtime")),
		ADD(R3, R4),
		STORE(R10, record, R8),
		STORE(R10, minor, R1),
		STORE(R10, major, R2),
		STORE(R10, cpu, R3),
		LOAD(BPF_DW, R1, R7, offsetof(struct meta, seq)),
		COPY(R2, R10),
		ADD_NUMBER(R2, record),
		SET(R3, sizeof(struct record)),
		CALL(BPF_FUNC_seq_write),
		SET(R0, 0),
		EXIT(),
	};
	static char said[65536];
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_ITER,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(*program),
		.license = (uintptr_t)"GPL",
		.log_level = 1,
		.log_size = sizeof(said),
		.log_buf = (uintptr_t)said,
	};
	union bpf_attr link = { .link_create.attach_type = BPF_TRACE_ITER };
	int id, file;

	find_type(BTF_KIND_FUNC, "bpf_iter_task", &id);
	load.attach_btf_id = id;
	file = bpf(BPF_PROG_LOAD, &load);
	if (file < 0)
		err(1, "BPF_PROG_LOAD: %s", said);
	link.link_create.prog_fd = file;
	file = bpf(BPF_LINK_CREATE, &link);
	if (file < 0)
		err(1, "BPF_LINK_CREATE");
	return file;
}

/*
 * samples
 */

/* Finds all processes of LIST. Returns the bytes read. */
static size_t walk(int link)
{
	/* As much as the kernel gives at a time, so in whole records. */
	static struct record records[32768 / sizeof(struct record)];
	union bpf_attr create = { .iter_create.link_fd = link };
	int iterator = bpf(BPF_ITER_CREATE, &create);
	size_t bytes = 0;
	ssize_t n;

	if (iterator < 0)
		err(1, "BPF_ITER_CREATE");
	while ((n = read(iterator, records, sizeof(records))) > 0) {
		bytes += n;
		for (size_t i = 0; i < n / sizeof(*records); i++) {
			struct process *process = processes[records[i].process];

			if (!process)
				continue;
			process->found_any = true;
			process->found.minor += records[i].counts.minor;
			process->found.major += records[i].counts.major;
			process->found.cpu_ns += records[i].counts.cpu_ns;
		}
	}
	if (n < 0)
		err(1, "read of the iterator");
	close(iterator);
	return bytes;
}

int main(int argc, char **argv)
{
	struct counts sums = { 0 };
	struct process *all;
	struct shared *shared;
	pid_t *pids;
	size_t n;
	int link;

	check_arguments(argc, argv, 0, 0);
	shared = share();
	pids = read_list(&n);
	all = calloc(n, sizeof(*all));
	if (!all)
		err(1, "memory");
	for (size_t i = 0; i < n; i++)
		processes[pids[i]] = &all[i];
	read_types();
	link = link_program();
	for (uint64_t due = now();; await_next(&due)) {
		size_t bytes = walk(link);

		for (struct process *process = all; process < all + n; process++) {
			if (!process->found_any)
				errx(1, "a process has ended");
			add_growth(&sums, &process->last, &process->found);
			process->found = (struct counts){ 0 };
			process->found_any = false;
		}
		tell_sample(shared, &sums, bytes / n);
	}
}
