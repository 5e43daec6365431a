/* The dialect `lines` once more, right as well, in C: one poll loop; what cannot be written yet waits in memory.
 *
 *     cc -O2 -o right_c right_c.c && ./right_c PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CLIENTS = 1000, MOST_ROOMS = 8, LONGEST_NAME = 64 };

struct bytes {
    char *data;
    size_t length, room;
};

struct client {
    int socket; /* -1: nobody is here */
    char nick[LONGEST_NAME];
    char rooms[MOST_ROOMS][LONGEST_NAME];
    struct bytes unfinished, unwritten;
    int leaving;
};

static struct client clients[MOST_CLIENTS];

static void append(struct bytes *to, const char *data, size_t length) {
    if (to->length + length > to->room) {
        to->room = 2 * (to->length + length);
        if (!(to->data = realloc(to->data, to->room))) abort();
    }
    memcpy(to->data + to->length, data, length);
    to->length += length;
}

static void drop_first(struct bytes *from, size_t length) {
    memmove(from->data, from->data + length, from->length - length);
    from->length -= length;
}

static void write_out(struct client *client) {
    size_t sent = 0;
    while (sent < client->unwritten.length) {
        ssize_t n = send(client->socket, client->unwritten.data + sent, client->unwritten.length - sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) sent = client->unwritten.length; /* it has gone: reading finds out */
            break;
        }
        sent += (size_t)n;
    }
    drop_first(&client->unwritten, sent);
}

/* A line made of up to three parts. */
static void tell(struct client *client, const char *before, const char *name, const char *text, size_t length) {
    int waits = client->unwritten.length > 0;
    append(&client->unwritten, before, strlen(before));
    append(&client->unwritten, name, strlen(name));
    append(&client->unwritten, text, length);
    append(&client->unwritten, "\n", 1);
    if (!waits) write_out(client);
}

static int is_in(const struct client *client, const char *room) {
    for (int i = 0; i < MOST_ROOMS; i++)
        if (*client->rooms[i] && !strcmp(client->rooms[i], room)) return 1;
    return 0;
}

static struct client *named(const char *nick) {
    for (int i = 0; i < MOST_CLIENTS; i++)
        if (clients[i].socket >= 0 && *clients[i].nick && !strcmp(clients[i].nick, nick)) return &clients[i];
    return NULL;
}

static void tell_others(struct client *but, const char *room, const char *before, const char *text, size_t length) {
    for (int i = 0; i < MOST_CLIENTS; i++) {
        struct client *client = &clients[i];
        if (client == but || client->socket < 0 || !*client->nick) continue;
        if (!room || is_in(client, room)) tell(client, before, but->nick, text, length);
    }
}

static void change_rooms(struct client *client, const char *from, const char *to) {
    for (int i = 0; i < MOST_ROOMS; i++)
        if (!strcmp(client->rooms[i], from)) {
            snprintf(client->rooms[i], LONGEST_NAME, "%s", to);
            return;
        }
}

/* `line` ends with a NUL that `length` does not count. */
static void understand(struct client *client, char *line, size_t length) {
    char text[2 * LONGEST_NAME + 32];
    if (!*client->nick) {
        if (!length || length >= LONGEST_NAME || named(line)) {
            tell(client, "Sorry, the name ", "", line, length);
            client->leaving = 1;
            return;
        }
        strcpy(client->nick, line);
        tell(client, "Welcome, ", client->nick, "!", 1);
        tell_others(client, NULL, "* ", " joined", 7);
    } else if (!strcmp(line, "/quit")) {
        tell(client, "Goodbye, ", client->nick, ".", 1);
        client->leaving = 1;
    } else if (!strcmp(line, "/who")) {
        struct bytes names = {0};
        for (int i = 0; i < MOST_CLIENTS; i++)
            if (clients[i].socket >= 0 && *clients[i].nick) {
                if (names.length) append(&names, ", ", 2);
                append(&names, clients[i].nick, strlen(clients[i].nick));
            }
        tell(client, "Here: ", "", names.data, names.length);
        free(names.data);
    } else if (!strncmp(line, "/enter ", 7)) {
        char *room = line + 7;
        change_rooms(client, "", room);
        tell(client, "You are in ", room, ".", 1);
        int n = snprintf(text, sizeof text, " entered %.*s", LONGEST_NAME, room);
        tell_others(client, room, "* ", text, (size_t)n);
    } else if (!strncmp(line, "/exit ", 6)) {
        char *room = line + 6;
        change_rooms(client, room, "");
        tell(client, "You left ", room, ".", 1);
        int n = snprintf(text, sizeof text, " left %.*s", LONGEST_NAME, room);
        tell_others(client, room, "* ", text, (size_t)n);
    } else if (!strncmp(line, "/msg ", 5) || !strncmp(line, "/in ", 4)) {
        int private = line[1] == 'm';
        char *to = line + (private ? 5 : 4), *said = strchr(to, ' ');
        if (!said) return;
        *said++ = '\0';
        size_t left = length - (size_t)(said - line);
        struct bytes whole = {0};
        append(&whole, ": ", 2);
        append(&whole, said, left);
        if (private && named(to)) tell(named(to), "(private) ", client->nick, whole.data, whole.length);
        if (!private) {
            snprintf(text, sizeof text, "[%.*s] ", LONGEST_NAME, to);
            tell_others(client, to, text, whole.data, whole.length);
        }
        free(whole.data);
    } else {
        struct bytes whole = {0};
        append(&whole, ": ", 2);
        append(&whole, line, length);
        tell_others(client, NULL, "", whole.data, whole.length);
        free(whole.data);
    }
}

static void see_off(struct client *client) {
    close(client->socket);
    client->socket = -1;
    free(client->unfinished.data);
    free(client->unwritten.data);
    if (*client->nick) tell_others(client, NULL, "* ", " left", 5);
    memset(client, 0, sizeof *client);
    client->socket = -1;
}

static void hear(struct client *client) {
    char data[65536];
    ssize_t n = recv(client->socket, data, sizeof data, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        see_off(client);
        return;
    }
    size_t looked_at = client->unfinished.length, start = 0;
    append(&client->unfinished, data, (size_t)n);
    char *all = client->unfinished.data, *end;
    while (!client->leaving && (end = memchr(all + looked_at, '\n', client->unfinished.length - looked_at))) {
        size_t length = (size_t)(end - all) - start;
        if (length && end[-1] == '\r') length--;
        all[start + length] = '\0';
        understand(client, all + start, length);
        looked_at = start = (size_t)(end - all) + 1;
    }
    drop_first(&client->unfinished, start);
    if (client->leaving) see_off(client);
}

static void let_in(int listener) {
    int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (socket < 0) return;
    for (int i = 0; i < MOST_CLIENTS; i++)
        if (clients[i].socket < 0) {
            clients[i].socket = socket;
            return;
        }
    close(socket);
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    address.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) {
        perror("listen");
        return 1;
    }
    for (int i = 0; i < MOST_CLIENTS; i++) clients[i].socket = -1;
    for (;;) {
        struct pollfd ready[MOST_CLIENTS + 1];
        ready[MOST_CLIENTS] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (int i = 0; i < MOST_CLIENTS; i++)
            ready[i] = (struct pollfd){
                .fd = clients[i].socket, .events = (short)(POLLIN | (clients[i].unwritten.length ? POLLOUT : 0))};
        if (poll(ready, MOST_CLIENTS + 1, -1) < 0) continue;
        for (int i = 0; i < MOST_CLIENTS; i++) {
            if (ready[i].revents & POLLOUT) write_out(&clients[i]);
            if (ready[i].revents & ~POLLOUT) hear(&clients[i]);
        }
        if (ready[MOST_CLIENTS].revents) let_in(listener);
    }
}
