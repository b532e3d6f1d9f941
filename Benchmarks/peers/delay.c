/* Joins two network namespaces by a cable of a given delay, where the kernel has no netem:

       cc -O2 -pthread -o delay delay.c
       delay FIRST SECOND MICROSECONDS

   Makes a TAP device `eth0` in each, prints "ready", and hands every packet of one to the other after the delay, until it is
   ended. Addresses, and the rate by a token bucket (tc tbf), are set from outside. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { slots = 4096, longest = 65600 };

struct packet {
    long due;
    int length;
    char bytes[longest];
};

/* One direction: a reader fills slots, a writer empties them when they are due. */
struct direction {
    int from, to;
    struct packet *ring;
    unsigned long filled, emptied;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static long delay;

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int open_device(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    int home = open("/proc/self/ns/net", O_RDONLY), space = open(path, O_RDONLY);
    if (home < 0 || space < 0 || setns(space, CLONE_NEWNET) != 0) fail(path);
    int device = open("/dev/net/tun", O_RDWR);
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    strcpy(request.ifr_name, "eth0");
    if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
    if (setns(home, CLONE_NEWNET) != 0) fail("setns");
    close(home);
    close(space);
    return device;
}

static void *read_all(void *argument) {
    struct direction *own = argument;
    for (;;) {
        pthread_mutex_lock(&own->lock);
        while (own->filled - own->emptied == slots) pthread_cond_wait(&own->changed, &own->lock);
        pthread_mutex_unlock(&own->lock);
        struct packet *packet = &own->ring[own->filled % slots];
        packet->length = read(own->from, packet->bytes, longest);
        if (packet->length <= 0) continue;
        packet->due = now() + delay;
        pthread_mutex_lock(&own->lock);
        own->filled++;
        pthread_cond_signal(&own->changed);
        pthread_mutex_unlock(&own->lock);
    }
    return NULL;
}

static void *write_all(void *argument) {
    struct direction *own = argument;
    for (;;) {
        pthread_mutex_lock(&own->lock);
        while (own->filled == own->emptied) pthread_cond_wait(&own->changed, &own->lock);
        pthread_mutex_unlock(&own->lock);
        struct packet *packet = &own->ring[own->emptied % slots];
        long left = packet->due - now();
        if (left > 0) usleep(left);
        if (write(own->to, packet->bytes, packet->length) < 0) perror("write");
        pthread_mutex_lock(&own->lock);
        own->emptied++;
        pthread_cond_signal(&own->changed);
        pthread_mutex_unlock(&own->lock);
    }
    return NULL;
}

int main(int count, char **words) {
    if (count != 4) {
        fprintf(stderr, "usage: delay FIRST SECOND MICROSECONDS\n");
        return 2;
    }
    delay = atol(words[3]);
    int first = open_device(words[1]), second = open_device(words[2]);
    struct direction directions[2] = {{.from = first, .to = second}, {.from = second, .to = first}};
    pthread_t threads[4];
    for (int index = 0; index < 2; index++) {
        struct direction *own = &directions[index];
        own->ring = malloc(slots * sizeof *own->ring);
        if (!own->ring) fail("malloc");
        pthread_mutex_init(&own->lock, NULL);
        pthread_cond_init(&own->changed, NULL);
        pthread_create(&threads[2 * index], NULL, read_all, own);
        pthread_create(&threads[2 * index + 1], NULL, write_all, own);
    }
    puts("ready");
    fflush(stdout);
    pthread_join(threads[0], NULL);
    return 0;
}
