#define _GNU_SOURCE
/* The least that a fast broadcast server does: what one turn of epoll has read is sent on as one piece to everybody
   but its speaker. It keeps what a socket does not take, and checks nothing. For comparisons only. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 1 << 16, EVENTS = 512, CHUNK = 16384 };

struct client { char *left; size_t length, room; int live, waiting, from, to; };

static struct client clients[CLIENTS];
static int highest, poller;
static char batch[EVENTS * CHUNK];

static void watch(int fd, int waiting) {
    struct epoll_event event = {.events = EPOLLIN | (waiting ? EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
    clients[fd].waiting = waiting;
}

static void keep(struct client *client, const char *data, size_t length) {
    if (client->length + length > client->room) {
        client->room = 2 * (client->length + length);
        client->left = realloc(client->left, client->room);
        if (!client->left) exit(1);
    }
    memcpy(client->left + client->length, data, length);
    client->length += length;
}

static void give(int fd, const char *data, size_t length) {
    struct client *client = &clients[fd];
    ssize_t taken = client->length || !length ? 0 : send(fd, data, length, MSG_NOSIGNAL);
    if (taken < 0) taken = 0;
    if ((size_t)taken < length) {
        keep(client, data + taken, length - taken);
        if (!client->waiting) watch(fd, 1);
    }
}

static void flush(int fd) {
    struct client *client = &clients[fd];
    ssize_t taken = send(fd, client->left, client->length, MSG_NOSIGNAL);
    if (taken <= 0) return;
    memmove(client->left, client->left + taken, client->length - taken);
    client->length -= taken;
    if (!client->length) watch(fd, 0);
}

static void greet(int listener) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= CLIENTS) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        clients[fd] = (struct client){.left = clients[fd].left, .room = clients[fd].room, .live = 1};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
        if (fd > highest) highest = fd;
    }
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 0)};
    struct rlimit limit;
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct epoll_event events[EVENTS], first = {.events = EPOLLIN, .data.fd = listener};

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) return perror("listen"), 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1), length = 0;
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) { greet(listener); continue; }
            if (events[i].events & EPOLLOUT && clients[fd].length) flush(fd);
            if (!(events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))) continue;
            ssize_t got = recv(fd, batch + length, CHUNK, 0);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) { clients[fd].live = 0; close(fd); continue; }
            clients[fd].from = length;
            length += got;
            clients[fd].to = length;
        }
        if (!length) continue;
        for (int fd = 0; fd <= highest; fd++) {
            struct client *client = &clients[fd];
            if (!client->live) continue;
            if (client->to > client->from) {
                if (client->from) give(fd, batch, client->from);
                if (client->to < length) give(fd, batch + client->to, length - client->to);
                client->from = client->to = 0;
            } else give(fd, batch, length);
        }
    }
}
