import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The dialect `lines` once more, right as well, in Java: two threads a client, one that reads and one that writes, so
 * that nobody waits for a client that does not read.
 *
 * <p>javac RightJava.java && java RightJava PORT
 */
public class RightJava {
    private static final String LAST = new String("no more");
    private final Map<String, Client> clients = new LinkedHashMap<>(); // by nickname; synchronized on this

    public static void main(String[] arguments) throws IOException {
        RightJava chat = new RightJava();
        int port = Integer.parseInt(arguments[0]);
        try (ServerSocket listener = new ServerSocket(port, 128, InetAddress.getLoopbackAddress())) {
            while (true) {
                Client client = chat.new Client(listener.accept());
                new Thread(client::read).start();
            }
        }
    }

    private synchronized void tellOthers(Client but, String line, String room) {
        for (Client client : clients.values()) {
            if (client != but && (room == null || client.rooms.contains(room))) client.tell(line);
        }
    }

    private synchronized boolean letIn(Client client, String nick) {
        if (nick == null || nick.isEmpty() || clients.containsKey(nick)) {
            client.tell("Sorry, the name " + nick + " is taken.");
            return false;
        }
        client.nick = nick;
        clients.put(nick, client);
        client.tell("Welcome, " + nick + "!");
        tellOthers(client, "* " + nick + " joined", null);
        return true;
    }

    private synchronized void seeOff(Client client) {
        if (client.nick != null && clients.remove(client.nick, client)) {
            tellOthers(client, "* " + client.nick + " left", null);
        }
    }

    private synchronized void whisper(Client from, String to, String text) {
        if (clients.containsKey(to)) clients.get(to).tell("(private) " + from.nick + ": " + text);
    }

    private synchronized String names() {
        return String.join(", ", clients.keySet());
    }

    private void understand(Client client, String line) {
        String[] words = line.split(" ", 3);
        String first = words.length > 1 ? words[1] : "";
        String text = words.length > 2 ? words[2] : "";
        switch (words[0]) {
            case "/who" -> client.tell("Here: " + names());
            case "/msg" -> whisper(client, first, text);
            case "/enter" -> {
                client.rooms.add(first);
                client.tell("You are in " + first + ".");
                tellOthers(client, "* " + client.nick + " entered " + first, first);
            }
            case "/exit" -> {
                client.rooms.remove(first);
                client.tell("You left " + first + ".");
                tellOthers(client, "* " + client.nick + " left " + first, first);
            }
            case "/in" -> tellOthers(client, "[" + first + "] " + client.nick + ": " + text, first);
            default -> tellOthers(client, client.nick + ": " + line, null);
        }
    }

    private class Client {
        final Socket socket;
        final BlockingQueue<String> unwritten = new LinkedBlockingQueue<>();
        final Set<String> rooms = ConcurrentHashMap.newKeySet();
        final Thread writer = new Thread(this::write);
        volatile String nick;

        Client(Socket socket) {
            this.socket = socket;
        }

        void tell(String line) {
            unwritten.add(line);
        }

        void read() {
            writer.start();
            try (socket) {
                try {
                    socket.setTcpNoDelay(true);
                    InputStream in = new BufferedInputStream(socket.getInputStream());
                    if (letIn(this, line(in))) listen(in);
                } catch (IOException reset) {
                    // gone is gone
                } finally {
                    seeOff(this);
                    unwritten.add(LAST);
                    writer.join(1000);
                }
            } catch (IOException | InterruptedException late) {
                // it has gone already
            }
        }

        private void listen(InputStream in) throws IOException {
            String line;
            while ((line = line(in)) != null) {
                if (line.equals("/quit")) {
                    tell("Goodbye, " + nick + ".");
                    return;
                }
                understand(this, line);
            }
        }

        private String line(InputStream in) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            int next;
            while ((next = in.read()) >= 0) {
                if (next == '\n') {
                    String line = bytes.toString(StandardCharsets.UTF_8);
                    return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
                }
                bytes.write(next);
            }
            return null;
        }

        @SuppressWarnings("StringEquality") // LAST is one object, whatever anybody says
        private void write() {
            try {
                String line;
                while ((line = unwritten.take()) != LAST) {
                    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
                }
            } catch (IOException | InterruptedException gone) {
                // its reader finds out
            }
        }
    }
}
